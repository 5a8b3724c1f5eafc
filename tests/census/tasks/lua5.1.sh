# tables, closures, patterns and coroutines
cat >t.lua <<'E'
local function gen(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i * i) end end) end
for v in gen(5) do io.write(v, " ") end print()
local t = {} for w in ("the quick brown fox"):gmatch("%a+") do t[#t + 1] = w end
table.sort(t) print(table.concat(t, ","))
local f = io.open("out", "w") for i = 1, 100 do f:write(i, "\n") end f:close()
local s = 0 for l in io.lines("out") do s = s + l end print(s)
local p = io.popen("tr a-z A-Z <<X\nhello\nX") print(p:read("*a"))
print(pcall(error, {1})) print(string.format("%5.2f|%q", math.pi, "a\nb"))
print(loadstring("return 6 * 7")())
E
lua5.1 t.lua | sed 's/table: .*/table/'
