# compiles a description of messages, encodes and decodes one
printf 'syntax = "proto3";\nmessage P { string name = 1; repeated int32 v = 2; map<string, double> m = 3; enum E { A = 0; B = 1; } E e = 4; }\n' >t.proto
protoc --cpp_out=. --python_out=. t.proto && ls && printf 'name: "x" v: [1, 2, 300] e: B m { key: "k" value: 1.5 }' | protoc --encode=P t.proto >bin && od -An -tx1 bin && protoc --decode=P t.proto <bin && protoc --decode_raw <bin | head -3
protoc --descriptor_set_out=d t.proto && wc -c <d && echo 'message {' >b.proto && protoc --cpp_out=. b.proto 2>&1 | tail -1 || true; rm -f t.pb.*
