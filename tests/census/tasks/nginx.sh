# serves files, headers and rules on a local socket
# limit: 300
mkdir -p www/d && echo index >www/index.html && seq 2000 >www/d/f && chmod -R a+rX /work
printf 'daemon on;\nuser root;\nworker_processes 2;\npid /work/pid;\nerror_log /work/log;\nevents { worker_connections 64; }\nhttp { access_log off; gzip on; gzip_types text/plain; client_body_temp_path /work/b; proxy_temp_path /work/p; fastcgi_temp_path /work/fc; uwsgi_temp_path /work/u; scgi_temp_path /work/sc;\nserver { listen unix:/work/sock; root /work/www; location /old { return 301 /new; } location /d/ { autoindex on; default_type text/plain; } location /p { proxy_pass http://unix:/work/sock:/index.html; } } }\n' >conf
nginx -t -c /work/conf 2>&1 | tail -1 && nginx -c /work/conf || { cat log; exit 1; }
c() { curl -s --unix-socket /work/sock "$@"; }
c http://h/ && c http://h/d/f | tail -1 && c -o /dev/null -w '%{http_code} %{redirect_url}\n' http://h/old && c -r 0-9 http://h/d/f && c http://h/d/ | grep -c href && c http://h/p && c --compressed http://h/d/f | wc -l; c -o /dev/null -w '%{http_code}\n' http://h/nothing
nginx -c /work/conf -s reload && sleep 1 && c http://h/ && nginx -c /work/conf -s quit && sleep 1; ls pid 2>/dev/null || echo ended; rm -rf b p fc u sc log
