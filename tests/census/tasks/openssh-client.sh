# makes keys, signs with them, keeps them in an agent, and hashes names
# mask: content identities tokens
ssh-keygen -q -t ed25519 -N '' -C me -f k && ssh-keygen -l -f k.pub | cut -d' ' -f 1,3,4 && ssh-keygen -y -f k | cut -d' ' -f1
ssh-keygen -q -t rsa -b 1024 -N pass -f r && ssh-keygen -q -p -P pass -N '' -f r && ssh-keygen -e -f r.pub | head -1
echo text >m && ssh-keygen -Y sign -q -f k -n file m && echo "me $(cat k.pub)" >allowed && ssh-keygen -Y verify -f allowed -I me -n file -s m.sig <m | sed 's/ED25519.*//'
eval "$(ssh-agent -s)" >/dev/null && ssh-add -q k && ssh-add -l | cut -d' ' -f 1,3,4 && ssh-add -q -d k && ssh-add -l || echo "status $?"
ssh-keygen -q -s k -I id -n root -V 20240101:20300101 r.pub && ssh-keygen -L -f r-cert.pub | grep -E 'Type|Key ID|root'
echo "host $(cat k.pub)" >known && ssh-keygen -q -H -f known && ssh-keygen -F host -f known | head -1; ssh-agent -k >/dev/null; rm -f known.old
ssh -G -F /dev/null somewhere | grep -E '^(user|port|ciphers)' | head -3
