# makes a project, builds, tests and runs it without a network
# limit: 900
# mask: times content
export CARGO_NET_OFFLINE=true CARGO_HOME=/work/home/.cargo
cargo -q new --vcs none t && cd t && printf 'pub fn add(a: i32, b: i32) -> i32 { a + b }\n#[cfg(test)]\nmod tests { #[test] fn good() { assert_eq!(super::add(2, 2), 4); } #[test] fn bad() { assert_eq!(super::add(2, 2), 5); } }\n' >src/lib.rs && printf 'fn main() { println!("{}", t::add(40, 2)); }\n' >src/main.rs
cargo -q run && cargo test --lib 2>/dev/null | grep -E '^test ' ; cargo metadata --no-deps --format-version 1 | grep -o '"name":"t"' | head -1; cargo tree; cargo -q build --release && ./target/release/t; cargo -q add nothing 2>/dev/null || echo "status $?"; cd .. && rm -rf t/target home/.cargo
