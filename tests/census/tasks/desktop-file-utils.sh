# checks, changes and indexes entries of menus
printf '[Desktop Entry]\nType=Application\nName=Census\nExec=census %%f\nMimeType=text/plain;\nCategories=Utility;\n' >a.desktop && printf '[Desktop Entry]\nType=Wrong\nName=Bad\n' >b.desktop
desktop-file-validate a.desktop && echo valid; desktop-file-validate b.desktop || echo "status $?"
mkdir d && desktop-file-install --dir=d --set-key=Comment --set-value='A test' --add-category=Office a.desktop && cat d/a.desktop && update-desktop-database d && cat d/mimeinfo.cache; desktop-file-edit --set-name=Other a.desktop && grep Name a.desktop
