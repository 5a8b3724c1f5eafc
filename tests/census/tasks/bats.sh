# runs a file of shell tests, of which one fails
# limit: 300
cat >t.bats <<'E'
setup() { echo 1 >"$BATS_TEST_TMPDIR/x"; }
@test "addition" { [ "$((1 + 1))" -eq 2 ]; }
@test "a file" { run cat "$BATS_TEST_TMPDIR/x"; [ "$status" -eq 0 ]; [ "$output" = 1 ]; }
@test "failure" { run false; [ "$status" -eq 0 ]; }
@test "skipped" { skip "not now"; }
E
bats --tap t.bats || echo "status $?"
