//! The program: everything it does is in `decile::cli`.

fn main() -> std::process::ExitCode {
    decile::cli::main()
}
