# imports a tree, changes it and looks at its history
export CVSROOT=/work/repo CVSEDITOR=true LOGNAME=nobody USER=nobody
cvs init
mkdir tree && cd tree && seq 1 20 >a && echo two >b
cvs -Q import -m import module vendor start
cd .. && rm -r tree
cvs -Q checkout module
cd module
sed -i 's/^3$/three/' a
cvs -Q diff a || true
cvs commit -m change a 2>&1 | sed 's/;.*//'
cvs log a | grep -v '^date' 
cvs annotate a | cut -c 1-8,35- | head -4
cd .. && rm -rf repo module/CVS
