//! The scenarios and the local AWS that they run on.
