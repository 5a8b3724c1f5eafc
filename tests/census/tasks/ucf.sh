# installs a configuration file, sees a change of its user, and keeps it
export UCF_FORCE_CONFFOLD=1 DEBIAN_FRONTEND=noninteractive
mkdir -p new state && echo one >new/c && echo 'setting=1' >>new/c
ucf --state-dir /work/state /work/new/c /work/etc.c && cat etc.c
sed -i s/1/2/ etc.c && echo more >>new/c
ucf --state-dir /work/state /work/new/c /work/etc.c 2>&1 | tail -3; cat etc.c
UCF_FORCE_CONFFOLD= UCF_FORCE_CONFFNEW=1 ucf --state-dir /work/state /work/new/c /work/etc.c 2>&1 | tail -2; cat etc.c
ls state
