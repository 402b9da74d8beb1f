//! Fetches a PostgreSQL for the tests, where there is none on this machine, and says where it is.

fn main() -> anyhow::Result<()> {
    println!("{}", nightshift_postgres::fetched()?.display());
    Ok(())
}
