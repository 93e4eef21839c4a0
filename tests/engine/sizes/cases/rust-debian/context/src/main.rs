use std::io::{self, BufRead};

fn main() {
    let words: usize = io::stdin()
        .lock()
        .lines()
        .filter_map(|line| line.ok())
        .map(|line| line.split_whitespace().count())
        .sum();
    println!("{words}");
}
