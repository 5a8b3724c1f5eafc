# finds packages, compiles with them and links
# limit: 300
ocamlfind list | grep -E '^(unix|str|threads) ' | sed 's/(.*//' && ocamlfind query -format '%p' -recursive str && printf 'let () = print_endline (Str.global_replace (Str.regexp "[0-9]+") "N" "a1b22"); Printf.printf "%%b\\n" (Unix.getpid () > 0); let t = Thread.create (fun () -> print_endline "thread") () in Thread.join t\n' >t.ml
ocamlfind ocamlopt -package str,unix,threads.posix -linkpkg t.ml -o p && ./p && mkdir d && printf 'version = "1"\n' >META && OCAMLFIND_DESTDIR=/work/d ocamlfind install mine META && ls d/mine && ocamlfind query nothing 2>&1 || echo "status $?"; rm -f p *.cm* *.o
