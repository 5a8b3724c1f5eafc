# builds what is out of date, by rules, with functions and side by side
printf 'S := $(wildcard *.in)\nO := $(S:.in=.out)\nall: $(O) ; @echo all $(words $^) $(sort b a) $(shell echo sub)\n%%.out: %%.in ; @tr a-z A-Z <$< >$@; echo made $@\nfail: ; @exit 3\n-include inc.mk\ninc.mk: ; @echo "V = included" >$@\nv: ; @echo $(V) $(call f,1,2)\nf = $2$1\n.PHONY: all v fail\n' >Makefile
echo a >a.in && echo b >b.in && make && make && touch -d 2030-01-01 a.in && make -s && make v && make -n fail && make fail 2>&1 || echo "status $?"
make -j 4 -B | sort && make -k fail v 2>/dev/null; make -q a.out || echo "status $?"; mkdir sub && printf 'x: ; @echo in $(notdir $(CURDIR)) $(MAKELEVEL)\n' >sub/Makefile && make --no-print-directory -C sub
