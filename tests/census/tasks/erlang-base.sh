# runs processes that send messages to each other, and a sort
cat >t.erl <<'E'
-module(t).
-export([main/0]).
ring(0, First) -> First ! done;
ring(N, First) -> Next = spawn(fun() -> ring(N - 1, First) end), Next ! N, ok.
sort([]) -> [];
sort([P | T]) -> sort([X || X <- T, X < P]) ++ [P] ++ sort([X || X <- T, X >= P]).
main() ->
    ring(200, self()),
    receive done -> io:format("ring~n") end,
    io:format("~w~n", [sort([5, 3, 9, 1, 7])]),
    io:format("~p~n", [maps:to_list(#{a => 1, b => <<"x">>})]),
    io:format("~w~n", [erlang:phash2({a, 1})]).
E
erlc t.erl
erl -noshell -s t main -s init stop
