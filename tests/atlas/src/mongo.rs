//! A server of the cluster: so much of MongoDB's protocol that drivers log in and look around.
//!
//! <https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/>

mod command;
mod scram;

use std::convert::Infallible;

use anyhow::{Context as _, Result, bail};
use bson::{Document, doc};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::atlas::Shared;
use command::Connection;

const REPLY: i32 = 1;
const QUERY: i32 = 2004;
const MESSAGE: i32 = 2013;

/// The longest message that is read.
const LONGEST: usize = 1 << 20;

/// Serves one of the cluster's servers until it is aborted.
pub(crate) async fn serve(listener: TcpListener, shared: Shared, number: usize) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
        };
        let Ok((stream, _)) = accepted else { continue };
        if shared.lock().down.contains(&number) {
            continue;
        }
        let _ = stream.set_nodelay(true);
        let connection = Connection::new(shared.clone(), number);
        // It ends with an error whenever the client goes.
        connections.spawn(talk(stream, connection));
    }
}

async fn talk(mut stream: TcpStream, mut connection: Connection) -> Result<()> {
    loop {
        let length = usize::try_from(stream.read_i32_le().await?)?;
        if !(16..LONGEST).contains(&length) {
            bail!("no message has {length} bytes");
        }
        let id = stream.read_i32_le().await?;
        let _answers = stream.read_i32_le().await?;
        let kind = stream.read_i32_le().await?;
        let mut body = vec![0; length - 16];
        stream.read_exact(&mut body).await?;
        let reply = match kind {
            QUERY => {
                let answer = connection.answer(&query(&body)?);
                let mut reply = Vec::new();
                for part in [8_i32, 0, 0, 0, 1] {
                    reply.extend(part.to_le_bytes());
                }
                reply.extend(answer.to_vec()?);
                framed(id, REPLY, &reply)?
            }
            MESSAGE => {
                let command = message(&body)?;
                let answer = connection.answer(&command);
                let mut reply = vec![0; 5];
                reply.extend(answer.to_vec()?);
                framed(id, MESSAGE, &reply)?
            }
            other => bail!("the operation {other} is not known"),
        };
        stream.write_all(&reply).await?;
    }
}

/// The one document of an `OP_QUERY`, with which drivers begin.
fn query(body: &[u8]) -> Result<Document> {
    let rest = body.get(4..).context("flags")?;
    let name = rest.iter().position(|byte| *byte == 0).context("name")?;
    let document = rest.get(name + 1 + 8..).context("numbers")?;
    Ok(Document::from_reader(document)?)
}

/// The body of an `OP_MSG`; no command that is known here has more sections.
fn message(body: &[u8]) -> Result<Document> {
    match body.get(4) {
        Some(0) => Ok(Document::from_reader(body.get(5..).context("body")?)?),
        _ => bail!("a section of a kind that is not known"),
    }
}

fn framed(answers: i32, kind: i32, body: &[u8]) -> Result<Vec<u8>> {
    let mut framed = Vec::with_capacity(16 + body.len());
    for part in [i32::try_from(16 + body.len())?, 0, answers, kind] {
        framed.extend(part.to_le_bytes());
    }
    framed.extend(body);
    Ok(framed)
}

/// A refusal in MongoDB's form.
fn refusal(code: i32, name: &str, message: &str) -> Document {
    doc! { "ok": 0.0, "errmsg": message, "code": code, "codeName": name }
}
