# adds and removes users and groups
adduser --quiet --system --group service && id service | sed 's/([0-9]*)//g; s/=[0-9]*/=/g' && getent passwd service | cut -d: -f 1,6,7
adduser --quiet --disabled-password --gecos 'A B' --home /work/u --no-create-home user1 && getent passwd user1 | cut -d: -f 5,6
addgroup --quiet team && adduser --quiet user1 team && getent group team | cut -d: -f 1,4
deluser --quiet user1 team && deluser --quiet user1 && delgroup --quiet team && deluser --quiet --system service
getent passwd user1 || echo "status $?"
adduser --quiet --system 'bad name' || echo "status $?"
