# integers, bit operations, utf8 and string packing
cat >t.lua <<'E'
print(7 // 2, 7 / 2, 1 << 40, 0xff & ~0xf, math.maxinteger)
for p, c in utf8.codes("aé€") do io.write(p, ":", c, " ") end print()
local s = string.pack("<i4d", 42, 1.5) print(#s, string.unpack("<i4d", s))
local mt = setmetatable({}, {__index = function(_, k) return k * 2 end, __close = nil}) print(mt[21])
local f = assert(io.open("out", "wb")) f:write(s) f:close()
goto done
print("skipped")
::done:: print(os.time{year = 2024, month = 1, day = 1, hour = 0}, os.date("!%F", 0))
E
lua5.3 t.lua
