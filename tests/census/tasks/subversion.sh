# makes a repository and works on it through file: URLs
# mask: times
svnadmin create repo
url=file:///work/repo
svn mkdir -q -m layout $url/trunk $url/branches
svn checkout -q $url/trunk wc
cd wc
seq 1 30 >numbers && svn add -q numbers && svn commit -q -m numbers
svn copy -q -m branch $url/trunk $url/branches/one
sed -i 's/^7$/seven/' numbers
svn diff
svn commit -q -m seven
svn update
svn log -v
svn blame numbers | head -8
svnadmin verify ../repo
cd .. && rm -rf repo wc/.svn
