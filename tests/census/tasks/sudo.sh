# runs programs as other users, within its rules
echo 'nobody ALL=(daemon) NOPASSWD: /usr/bin/id' >/etc/sudoers.d/census && chmod 440 /etc/sudoers.d/census && visudo -c
sudo -u nobody id -un && sudo -u nobody sudo -n -u daemon id -un
sudo -u nobody sudo -n id -un 2>&1 | sed 's/.*: //' || echo "status $?"
sudo -l -U nobody | tail -2 && sudo -n env | grep -E '^(SUDO_USER|SUDO_UID|HOME)=' | sort
sudo -n sh -c 'exit 3' || echo "status $?"
sudo -b sh -c 'echo background >out' && sleep 0.5 && cat out && rm /etc/sudoers.d/census
