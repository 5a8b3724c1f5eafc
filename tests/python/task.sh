# Runs one module of Python's own suite and prints what became of each test, then the end of what the module printed.
ifconfig lo up 2>/dev/null || true
cat >/driver.py <<'@@DRIVER'
@DRIVER@@@DRIVER
rm -f /report /printed
cd /tmp
status=0
timeout -k 3 @LIMIT@ python3 /driver.py @MODULE@ @DUMP@ /report </dev/null >/printed 2>&1 || status=$?
cat /report
echo @@PRINTED
tail -c 12000 /printed
exit $status
