//! What the tests stand on: a running server, the actors that talk to it, its mail, its files.

mod answer;
mod app;
pub mod archive;
mod browser;
mod ci;
mod database;
mod logs;
mod mailbox;
pub mod raw;

pub use answer::Answer;
pub use app::{PASSWORD, TestApp, files, metrics};
pub use browser::{Browser, Person, Workspace};
pub use ci::Ci;
pub use logs::written as log_lines;
