//! The folder of the browser's files has to exist before `rust-embed` looks for it, and a change in it means a new binary.

fn main() -> std::io::Result<()> {
    let site = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/site");
    std::fs::create_dir_all(&site)?;
    std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("cargo::rerun-if-changed={}\n", site.display()))
}
