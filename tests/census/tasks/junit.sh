# runs tests of which one fails
# limit: 600
# mask: times
printf 'import junit.framework.*;\npublic class T extends TestCase { public void testGood() { assertEquals(4, 2 + 2); } public void testBad() { assertEquals("a", "b"); } }\n' >T.java
javac -cp /usr/share/java/junit.jar T.java
java -cp /usr/share/java/junit.jar:. junit.textui.TestRunner T 2>&1 | grep -vE '^\s+at ' || echo "status $?"
rm -f T.class; rm -rf home/.java
