use hal::template::{TemplateError, UriTemplate, Variable};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

/// The variables of RFC 6570 §3.2.
fn variables() -> Vec<(&'static str, Variable)> {
    let pairs = || Variable::from([("semi", ";"), ("dot", "."), ("comma", ",")]);
    vec![
        ("count", vec!["one", "two", "three"].into()),
        ("dom", vec!["example", "com"].into()),
        ("dub", "me/too".into()),
        ("hello", "Hello World!".into()),
        ("half", "50%".into()),
        ("var", "value".into()),
        ("who", "fred".into()),
        ("base", "http://example.com/home/".into()),
        ("path", "/foo/bar".into()),
        ("list", vec!["red", "green", "blue"].into()),
        ("keys", pairs()),
        ("v", "6".into()),
        ("x", "1024".into()),
        ("y", "768".into()),
        ("empty", "".into()),
        ("empty_keys", Variable::Pairs(Vec::new())),
    ]
}

/// The tables of RFC 6570 §1.2 and §3.2.2 to §3.2.9.
const VECTORS: &str = r#"
{var}                     value
{hello}                   Hello%20World%21
{+var}                    value
{+hello}                  Hello%20World!
{+path}/here              /foo/bar/here
here?ref={+path}          here?ref=/foo/bar
X{#var}                   X#value
X{#hello}                 X#Hello%20World!
map?{x,y}                 map?1024,768
{x,hello,y}               1024,Hello%20World%21,768
{+x,hello,y}              1024,Hello%20World!,768
{+path,x}/here            /foo/bar,1024/here
{#x,hello,y}              #1024,Hello%20World!,768
{#path,x}/here            #/foo/bar,1024/here
X{.var}                   X.value
X{.x,y}                   X.1024.768
{/var}                    /value
{/var,x}/here             /value/1024/here
{;x,y}                    ;x=1024;y=768
{;x,y,empty}              ;x=1024;y=768;empty
{?x,y}                    ?x=1024&y=768
{?x,y,empty}              ?x=1024&y=768&empty=
?fixed=yes{&x}            ?fixed=yes&x=1024
{&x,y,empty}              &x=1024&y=768&empty=
{var:3}                   val
{var:30}                  value
{list}                    red,green,blue
{list*}                   red,green,blue
{keys}                    semi,%3B,dot,.,comma,%2C
{keys*}                   semi=%3B,dot=.,comma=%2C
{+path:6}/here            /foo/b/here
{+list}                   red,green,blue
{+list*}                  red,green,blue
{+keys}                   semi,;,dot,.,comma,,
{+keys*}                  semi=;,dot=.,comma=,
{#path:6}/here            #/foo/b/here
{#list}                   #red,green,blue
{#list*}                  #red,green,blue
{#keys}                   #semi,;,dot,.,comma,,
{#keys*}                  #semi=;,dot=.,comma=,
X{.var:3}                 X.val
X{.list}                  X.red,green,blue
X{.list*}                 X.red.green.blue
X{.keys}                  X.semi,%3B,dot,.,comma,%2C
X{.keys*}                 X.semi=%3B.dot=..comma=%2C
{/var:1,var}              /v/value
{/list}                   /red,green,blue
{/list*}                  /red/green/blue
{/list*,path:4}           /red/green/blue/%2Ffoo
{/keys}                   /semi,%3B,dot,.,comma,%2C
{/keys*}                  /semi=%3B/dot=./comma=%2C
{;hello:5}                ;hello=Hello
{;list}                   ;list=red,green,blue
{;list*}                  ;list=red;list=green;list=blue
{;keys}                   ;keys=semi,%3B,dot,.,comma,%2C
{;keys*}                  ;semi=%3B;dot=.;comma=%2C
{?var:3}                  ?var=val
{?list}                   ?list=red,green,blue
{?list*}                  ?list=red&list=green&list=blue
{?keys}                   ?keys=semi,%3B,dot,.,comma,%2C
{?keys*}                  ?semi=%3B&dot=.&comma=%2C
{&var:3}                  &var=val
{&list}                   &list=red,green,blue
{&list*}                  &list=red&list=green&list=blue
{&keys}                   &keys=semi,%3B,dot,.,comma,%2C
{&keys*}                  &semi=%3B&dot=.&comma=%2C
{count}                   one,two,three
{count*}                  one,two,three
{/count}                  /one,two,three
{/count*}                 /one/two/three
{;count}                  ;count=one,two,three
{;count*}                 ;count=one;count=two;count=three
{?count}                  ?count=one,two,three
{?count*}                 ?count=one&count=two&count=three
{&count*}                 &count=one&count=two&count=three
{half}                    50%25
O{empty}X                 OX
O{undef}X                 OX
{x,empty}                 1024,
?{x,empty}                ?1024,
?{x,undef}                ?1024
?{undef,y}                ?768
{+half}                   50%25
{base}index               http%3A%2F%2Fexample.com%2Fhome%2Findex
{+base}index              http://example.com/home/index
O{+empty}X                OX
O{+undef}X                OX
up{+path}{var}/here       up/foo/barvalue/here
{#half}                   #50%25
foo{#empty}               foo#
foo{#undef}               foo
X{.empty}                 X.
X{.undef}                 X
{.who}                    .fred
{.who,who}                .fred.fred
{.half,who}               .50%25.fred
www{.dom*}                www.example.com
X{.empty_keys}            X
X{.empty_keys*}           X
{/who,who}                /fred/fred
{/half,who}               /50%25/fred
{/who,dub}                /fred/me%2Ftoo
{/var,empty}              /value/
{/var,undef}              /value
{;who}                    ;who=fred
{;half}                   ;half=50%25
{;empty}                  ;empty
{;v,empty,who}            ;v=6;empty;who=fred
{;v,bar,who}              ;v=6;who=fred
{;x,y,undef}              ;x=1024;y=768
{?who}                    ?who=fred
{?half}                   ?half=50%25
{?x,y,undef}              ?x=1024&y=768
{&who}                    &who=fred
{&x,y,undef}              &x=1024&y=768
"#;

#[test]
fn the_tables_of_the_rfc() {
    let mut count = 0;
    for line in VECTORS.lines().filter(|line| !line.is_empty()) {
        let (template, expected) = line.split_once(' ').expect("two columns");
        let uri = UriTemplate::parse(template).and_then(|t| t.expand(variables()));
        assert_eq!(uri.as_deref(), Ok(expected.trim()), "{template}");
        count += 1;
    }
    assert!(count > 100);
}

#[test]
fn beyond_the_tables() {
    let expand = |template: &str, value: Variable| {
        UriTemplate::parse(template).and_then(|t| t.expand([("x", value)]))
    };
    // where iri-string 0.7.14 panics: letters of several bytes, reserved expansion and prefixes
    assert_eq!(expand("{+x}", "å/b".into()).as_deref(), Ok("%C3%A5/b"));
    assert_eq!(expand("{x:2}", "åsøæ".into()).as_deref(), Ok("%C3%A5s"));
    assert_eq!(
        expand("{#x:1}", "😀b".into()).as_deref(),
        Ok("#%F0%9F%98%80")
    );
    // what is encoded already stays in reserved expansion and in literals, and only there
    assert_eq!(
        expand("{+x}%2f{x}", "%2Fa%".into()).as_deref(),
        Ok("%2Fa%25%2f%252Fa%25")
    );
    assert_eq!(
        expand("/å b^{x}", "".into()).as_deref(),
        Ok("/%C3%A5%20b%5E")
    );
    assert_eq!(
        expand("{?x*}", vec!["", "a"].into()).as_deref(),
        Ok("?x=&x=a")
    );
    assert_eq!(
        expand("{;x*}", [("k", ""), ("l", "m")].into()).as_deref(),
        Ok(";k;l=m")
    );
    assert_eq!(
        expand("{?x*}", [("a&b", "c")].into()).as_deref(),
        Ok("?a%26b=c")
    );
    assert_eq!(expand("{;x}", vec!["", ""].into()).as_deref(), Ok(";x=,"));
    assert_eq!(expand("{?x}", Vec::<&str>::new().into()).as_deref(), Ok(""));
    assert_eq!(
        expand("{x:1}", vec!["a"].into()),
        Err(TemplateError::Prefix)
    );
    assert_eq!(
        expand("{x}", [("keys", "v")].into()).as_deref(),
        Ok("keys,v"),
    );
    // names with dots and percent-encoded bytes are names of their own
    let dotted = UriTemplate::parse("{?a.b,%C3%A5}").expect("valid");
    assert_eq!(dotted.variables().collect::<Vec<_>>(), ["a.b", "%C3%A5"]);
    assert_eq!(
        dotted.expand([("a.b", "1"), ("%C3%A5", "2")]).as_deref(),
        Ok("?a.b=1&%C3%A5=2"),
    );
}

#[test]
fn what_is_no_template_is_refused() {
    for (template, error) in [
        ("a{b", TemplateError::Brace(1)),
        ("ab}", TemplateError::Brace(2)),
        ("{", TemplateError::Brace(0)),
        ("{a{b}}", TemplateError::Expression(0)),
        ("x{}", TemplateError::Expression(1)),
        ("{a,}", TemplateError::Expression(0)),
        ("{,a}", TemplateError::Expression(0)),
        ("{a b}", TemplateError::Expression(0)),
        ("{å}", TemplateError::Expression(0)),
        ("{a..b}", TemplateError::Expression(0)),
        ("{.}", TemplateError::Expression(0)),
        ("{a.}", TemplateError::Expression(0)),
        ("{=a}", TemplateError::Expression(0)),
        ("{!a}", TemplateError::Expression(0)),
        ("{|a}", TemplateError::Expression(0)),
        ("{a:0}", TemplateError::Expression(0)),
        ("{a:01}", TemplateError::Expression(0)),
        ("{a:10000}", TemplateError::Expression(0)),
        ("{a:}", TemplateError::Expression(0)),
        ("{a:-1}", TemplateError::Expression(0)),
        ("{a:3*}", TemplateError::Expression(0)),
        ("{a**}", TemplateError::Expression(0)),
        ("{%zz}", TemplateError::Expression(0)),
        ("{%a}", TemplateError::Expression(0)),
    ] {
        assert_eq!(UriTemplate::parse(template), Err(error), "{template}");
    }
    assert_eq!(
        UriTemplate::parse(&"a".repeat(8193)),
        Err(TemplateError::TooLong)
    );
    let bomb = "{x}".repeat(2000);
    let expanded = UriTemplate::parse(&bomb)
        .expect("valid")
        .expand([("x", "y".repeat(1000))]);
    assert_eq!(expanded, Err(TemplateError::TooLong));
}

proptest! {
    #[test]
    fn anything_goes_without_panic(
        template in "([a-zå/{}?&;+#.*:,0-9 %]|\\{[?+#./;&]?[a-c](:[1-9]|\\*)?\\}){0,20}",
        text in any::<String>(),
        list in proptest::collection::vec(any::<String>(), 0..3),
    ) {
        if let Ok(template) = UriTemplate::parse(&template) {
            let variables = [("a", Variable::from(text)), ("b", Variable::from(list))];
            if let Ok(uri) = template.expand(variables) {
                prop_assert!(uri.bytes().all(|b| b.is_ascii_graphic()), "{}", uri);
            }
        }
    }

    #[test]
    fn simple_values_come_back(text in any::<String>()) {
        let uri = UriTemplate::parse("{x}").unwrap().expand([("x", text.as_str())]).unwrap();
        let mut bytes = Vec::new();
        let mut rest = uri.as_bytes();
        while let [first, tail @ ..] = rest {
            rest = match (first, tail) {
                (b'%', [a, b, tail @ ..]) => {
                    let code = [*a, *b];
                    let code = std::str::from_utf8(&code).unwrap();
                    bytes.push(u8::from_str_radix(code, 16).unwrap());
                    tail
                }
                (b, tail) => {
                    bytes.push(*b);
                    tail
                }
            };
        }
        prop_assert_eq!(String::from_utf8(bytes).unwrap(), text);
    }
}
