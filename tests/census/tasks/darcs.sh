# records patches, pulls them into another repository and looks at them
export DARCS_EMAIL=a@b
mkdir one && cd one
darcs init --quiet
seq 1 20 >file && darcs add --quiet file
darcs record --quiet --all -m first
cd .. && darcs clone --quiet one two && cd two
sed -i 's/^2$/two/' file
darcs whatsnew || true
darcs record --quiet --all -m second
cd ../one && darcs pull --quiet --all ../two
darcs log | grep '  \*'
darcs check
cat file | head -3
cd .. && rm -rf one/_darcs two/_darcs home/.darcs home/.cache
