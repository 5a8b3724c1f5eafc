# queries and sorts the records of packages
cat >p <<'E'
Package: one
Version: 1.0
Depends: two (>= 1), three
Installed-Size: 10

Package: two
Version: 2.0
Installed-Size: 30

Package: three
Version: 0.5
Depends: two
Installed-Size: 20
E
grep-dctrl -F Depends two -s Package p && grep-dctrl -n -s Package,Version --eq -F Package two p
grep-dctrl -c . p && sort-dctrl -k Installed-Size:n p | grep-dctrl -n -s Package . - && tbl-dctrl -c Package -c Version p
grep-status -n -s Package -X -P dpkg && grep-dctrl -v -F Depends two -o -F Version 2.0 -n -s Package p
