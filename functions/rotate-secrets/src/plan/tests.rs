//! Plans as tables, and as a property of a little world in which turns are made.

mod beginning;
mod blue_green;
mod going_on;
mod made;
mod master;
mod rules;
mod world;
