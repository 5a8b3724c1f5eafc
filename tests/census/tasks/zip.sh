# packs, updates, encrypts and splits archives
mkdir d && seq 1000 >d/a && echo b >d/b && ln -s a d/l && touch -d '2024-01-01 UTC' d/a d/b && touch -h -d '2024-01-01 UTC' d/l && touch -d '2024-01-01 UTC' d
zip -rXy t.zip d && unzip -Z1 t.zip | sort && zip -T t.zip
echo more >>d/b && touch -d '2024-01-02 UTC' d/b && zip -uX t.zip d/b && zip -d t.zip d/a && zip -sf t.zip | sort
zip -q -P secret e.zip d/b && unzip -q -P secret -p e.zip && unzip -q -P wrong -p e.zip 2>/dev/null || echo "status $?"
zip -q -s 64k -r split.zip d 2>/dev/null; ls split*; zipnote t.zip | sort | head -3; rm -f *.zip
