# edits a file with macros, substitutions, sorting and a script
seq 20 | sed 's/$/ item/' >file
cat >t.vim <<'E'
set nocp
%s/item/thing/g
5,8d
$put ='added'
normal gg3dd
%sort! n
let x = map(range(5), 'v:val * v:val')
call writefile([join(x, ',')], 'out')
call append('$', systemlist('echo from a shell'))
g/1[0-4]/m0
w
q
E
vim -u NONE -i NONE -n -es -S t.vim file || echo "status $?"
cat file out
vim -u NONE -i NONE -n -es -c 'set binary' -c '%!xxd -p' -c 'wq! hex' out && cat hex
