//! The `buildkeep` command.

use std::process::ExitCode;

/// Threads for work that waits: disks, passwords. Tokio's default of 512 only costs memory when many clients upload.
const WAITING_THREADS: usize = 64;

fn main() -> ExitCode {
    server::private_files::make_new_ones_private();
    match tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(WAITING_THREADS).build() {
        Ok(runtime) => runtime.block_on(server::cli::run()),
        Err(error) => server::cli::fail(&error),
    }
}
