//! The program: parse arguments, call the library.

fn main() -> std::process::ExitCode {
    decile::cli::main()
}
