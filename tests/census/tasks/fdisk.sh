# writes partition tables into a file and reads them
truncate -s 64M disk
printf 'label: gpt\nlabel-id: 11111111-2222-3333-4444-555555555555\nsize=10M,type=L,name=one,uuid=11111111-2222-3333-4444-666666666666\nsize=20M,type=S,uuid=11111111-2222-3333-4444-777777777777\n' | sfdisk -q --no-tell-kernel disk
sfdisk -d disk && sfdisk --verify disk && sfdisk -J disk | head -12
fdisk -l disk
printf 'o\nn\np\n1\n\n+5M\nw\n' | fdisk disk 2>/dev/null | grep -c Created
sfdisk --delete disk 1 >/dev/null && sfdisk -l disk | tail -1; rm disk
