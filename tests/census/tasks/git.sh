# commits, branches, merges, packs and verifies a repository
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
export GIT_AUTHOR_DATE='2024-01-01T00:00:00Z' GIT_COMMITTER_DATE='2024-01-01T00:00:00Z'
git init -q -b main repo
cd repo
for i in 1 2 3 4 5 6 7 8; do
    seq 1 $((i * 20)) >file$i
    git add . && git commit -qm "commit $i"
done
git checkout -qb side HEAD~4
echo side >side && git add side && git commit -qm side
git checkout -q main
git merge -q --no-edit side
git gc -q
git fsck --full
git log --oneline --graph
git diff --stat HEAD~3
git grep -n '^17$' | head -3
git archive HEAD | tar tf - | sort
git clone -q . ../copy
git -C ../copy status -sb
cd .. && rm -rf repo/.git copy/.git
