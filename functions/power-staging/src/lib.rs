//! power-staging puts staging to sleep and wakes it.
