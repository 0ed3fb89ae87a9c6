//! A key that never leaves its keeper: another process holds it, and the client asks that process
//! for each signature, over its standard input and output. An HSM or a key vault takes its place.
//!
//! ```text
//! cargo run -p maskinporten --example sign_in_another_process
//! ```

use std::io::{Read, Write};
use std::process::Stdio;
use std::time::Duration;

use http_transport::BoxFuture;
use maskinporten::{
    Algorithm, Client, Environment, KeyId, KeyReference, Sign, SignError, Signer, TokenRequest,
};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Mutex;

type Failure = Box<dyn std::error::Error>;

/// Says to the same program that it is to keep the key.
const KEEPER: &str = "--keep-the-key";

/// How long a signature may take before the grant is better signed anew.
const PATIENCE: Duration = Duration::from_secs(5);

/// The client's side: knows the key's name and whom to ask, and nothing of the key.
#[derive(Debug)]
struct Keeper {
    kid: KeyId,
    pipe: Mutex<Pipe>,
}

#[derive(Debug)]
struct Pipe {
    asks: ChildStdin,
    answers: ChildStdout,
    /// Ends with the client: `kill_on_drop`.
    _process: Child,
}

impl Keeper {
    fn start(kid: KeyId) -> Result<Self, Failure> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(KEEPER)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let pipe = Pipe {
            asks: process.stdin.take().ok_or("no pipe to the keeper")?,
            answers: process.stdout.take().ok_or("no pipe from the keeper")?,
            _process: process,
        };
        Ok(Self {
            kid,
            pipe: Mutex::new(pipe),
        })
    }

    /// One question, one answer: a length in four bytes, then that many.
    async fn ask(&self, message: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut pipe = self.pipe.lock().await;
        let length = u32::try_from(message.len()).map_err(std::io::Error::other)?;
        pipe.asks.write_all(&length.to_be_bytes()).await?;
        pipe.asks.write_all(message).await?;
        pipe.asks.flush().await?;
        let length = pipe.answers.read_u32().await?;
        let mut signature = vec![0; length.min(1024) as usize];
        pipe.answers.read_exact(&mut signature).await?;
        Ok(signature)
    }
}

impl Sign for Keeper {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn key_reference(&self) -> Option<KeyReference> {
        Some(KeyReference::KeyId(self.kid.clone()))
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, SignError>> {
        Box::pin(async move {
            match tokio::time::timeout(PATIENCE, self.ask(message)).await {
                Ok(Ok(signature)) => Ok(signature),
                Ok(Err(error)) => {
                    Err(SignError::new("the keeper of the key is gone").with_source(error))
                }
                // the next attempt may find it awake
                Err(_) => Err(SignError::new("the keeper of the key did not answer").may_pass()),
            }
        })
    }
}

/// The keeper's side: makes a key that nobody else ever sees, and signs with it.
fn keep_the_key() -> Result<(), Failure> {
    let key = PKey::from_rsa(Rsa::generate(2048)?)?;
    let (mut asks, mut answers) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut length = [0; 4];
    while asks.read_exact(&mut length).is_ok() {
        let mut message = vec![0; u32::from_be_bytes(length) as usize];
        asks.read_exact(&mut message)?;
        let signature = openssl::sign::Signer::new(MessageDigest::sha256(), &key)?
            .sign_oneshot_to_vec(&message)?;
        answers.write_all(&u32::try_from(signature.len())?.to_be_bytes())?;
        answers.write_all(&signature)?;
        answers.flush()?;
    }
    Ok(())
}

fn main() -> Result<(), Failure> {
    if std::env::args().any(|argument| argument == KEEPER) {
        return keep_the_key();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let signer = Signer::new(Keeper::start("our-key-2026".parse()?)?)?;
        let client =
            Client::builder(Environment::test(), "our-client-id".parse()?, signer).build()?;
        let request = TokenRequest::scopes(["difitest:test1".parse()?]);
        // `client.token(&request)` would send it; here it is only signed
        for _ in 0..3 {
            let assertion = client.assertion(&request).await?;
            let mut out = std::io::stdout().lock();
            writeln!(
                out,
                "signed the grant {} in another process",
                assertion.id()
            )?;
        }
        Ok(())
    })
}
