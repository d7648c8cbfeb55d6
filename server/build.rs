//! What the binary embeds has to be there before it is compiled, and a change in it means a new binary: the folder of the
//! browser's files, which may still be empty, and the client that nx downloads.

use std::io::{Error, Result, Write as _};
use std::path::Path;

fn main() -> Result<()> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let site = target.join("site");
    std::fs::create_dir_all(&site)?;
    let mut out = std::io::stdout();
    writeln!(out, "cargo::rerun-if-changed={}", site.display())?;
    for file in ["client.tar.gz", "start.tar.gz", "client.js", "client.json"] {
        let file = target.join("client").join(file);
        if !file.exists() {
            let message = format!("{} is not built yet: run `npm ci && npm run build` in client/, or `make build`", file.display());
            return Err(Error::other(message));
        }
        writeln!(out, "cargo::rerun-if-changed={}", file.display())?;
    }
    Ok(())
}
