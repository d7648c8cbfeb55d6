//! Pieces of pages: they show what they are given, and load nothing.

pub mod audit_filter;
pub mod chip;
pub mod code;
pub mod empty_state;
pub mod form;
pub mod history;
pub mod icon;
pub mod identity;
pub mod invite_results;
pub mod last_admin;
pub mod menu;
pub mod nav;
pub mod notice;
pub mod page_header;
pub mod pager;
pub mod plot;
pub mod provider;
pub mod run;
pub mod run_filter;
pub mod section;
pub mod stat;
pub mod terminal;
pub mod theme;
pub mod token;
pub mod when;
