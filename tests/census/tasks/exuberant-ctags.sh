# makes an index of C, Python and shell files
printf 'struct s { int a; };\n#define M 1\nint f(struct s* p) { return p->a; }\nenum e { one, two };\n' >a.c
printf 'class C:\n    def m(self):\n        pass\ndef g(): pass\n' >b.py
printf 'function h() { :; }\n' >c.sh
ctags-exuberant --fields=+n -f - a.c b.py c.sh
ctags-exuberant -x --c-kinds=+p a.c
ctags-exuberant -e -f TAGS a.c b.py && wc -l TAGS
