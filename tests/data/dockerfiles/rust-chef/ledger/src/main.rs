use std::io::Write;
use std::net::{TcpListener, TcpStream};

fn main() -> std::io::Result<()> {
    if std::env::args().any(|argument| argument == "--probe") {
        TcpStream::connect("127.0.0.1:7878")?;
        return Ok(());
    }
    for (number, stream) in TcpListener::bind("0.0.0.0:7878")?.incoming().enumerate() {
        writeln!(stream?, "{}", numbering::entry(number))?;
    }
    Ok(())
}
