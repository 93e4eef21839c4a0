/// Entry numbers as the ledger prints them.
pub fn entry(number: usize) -> String {
    format!("entry {number:06}")
}
