//! Authority counts when it is used: what is taken away while a request is under way does not count at its end.

mod callers;
mod downloads;
mod forms;
mod races;
mod routes;
