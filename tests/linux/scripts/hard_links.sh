# ln, cp, mv and rm with hard links and directories.
echo data > a; ln a b; ln b c
stat -c %h a
echo more >> c; cat a
rm a; stat -c %h b
mv b c 2>&1; ls
ln c d; mv c d 2>&1; ls
mkdir x; ln x y 2>&1 | sed 's/:.*//'; ls
cp -al x z && ls -d z
ln -s d soft; ln soft soft2; stat -c '%h %F' soft2
mv d x/; cat x/d; cat soft 2>&1
cp -r x w; rm -r x z; ls
