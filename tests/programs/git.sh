# git: init, add, commit, log; it runs itself, maps files, renames them into place.
command=(sh -e ./script)
needs=(git)
setup() {
    cat >script <<'SCRIPT'
export HOME=$PWD GIT_CONFIG_NOSYSTEM=1
git init -q -b main repository
cd repository
git config user.name 'A Name'
git config user.email name@example.org
seq 1000 >numbers
echo text >text
git add .
git commit -q -m 'The first'
seq 1001 >numbers
git commit -q -a -m 'The second'
git --no-pager log --stat
git status --short
git gc -q
git fsck
SCRIPT
}
verify() {
    [ "$(git -C repository rev-list --count main)" = 2 ]
}
