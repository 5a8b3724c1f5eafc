# serves pages and a program
# needs: an internet socket
apache2ctl configtest && apache2ctl start && curl -s http://127.0.0.1/
