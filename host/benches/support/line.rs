//! A client that costs as little as it can: a plain socket kept open.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// One kept connection.
pub struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Line {
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; 64 * 1024],
        })
    }

    /// Asks and reads the whole answer, which must be a 200.
    pub fn ask(&mut self, request: &[u8]) -> io::Result<&[u8]> {
        self.stream.write_all(request)?;
        let (mut have, mut want) = (0, usize::MAX);
        while have < want {
            let read = self.stream.read(&mut self.buffer[have..])?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            have += read;
            if let Some(length) = whole(&self.buffer[..have]) {
                want = length;
            }
        }
        let answer = &self.buffer[..want];
        if answer.starts_with(b"HTTP/1.1 200") {
            Ok(answer)
        } else {
            Err(io::Error::other(
                String::from_utf8_lossy(answer).into_owned(),
            ))
        }
    }
}

/// Length of the answer that starts here, once its head is there.
fn whole(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&answer[..head]).ok()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    })?;
    Some(head + length)
}
