# Here-documents: expanded, quoted, with tabs stripped, nested in loops.
name=world
cat <<END
hello $name, 1+1=$((1 + 1)), $(echo sub)
END
cat <<'END'
hello $name, `not run`
END
cat <<-END
	tabs go
		both of them
END
for i in 1 2; do
  while read line; do echo "$i: $line"; done <<END
first of $i
second of $i
END
done
