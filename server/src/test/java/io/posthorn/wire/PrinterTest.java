package io.posthorn.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.Requirement;
import io.posthorn.wire.Profile.Body;
import io.posthorn.wire.Profile.Format;
import java.io.ByteArrayInputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import javax.xml.parsers.DocumentBuilderFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;

class PrinterTest {

    @Test
    void jsonIsWrittenWithoutBlanksInTheOrderOfTheTree() throws Exception {
        Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        tree.put("text", "ä \"\n\u0001 €😀/");
        tree.put("numbers", Arrays.asList(1, 2L, 1.5, new BigDecimal("1.10"), null, true));
        tree.put("empty", List.of(Map.of(), List.of()));

        assertThat(printed(Format.JSON, null, tree))
                .isEqualTo("{\"text\":\"ä \\\"\\n\\u0001 €😀/\",\"numbers\":[1,2,1.5,1.10,null,true],"
                        + "\"empty\":[{},[]]}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{ \"a\" : 1.0 , \"b\":12345678901234567890,\"c\":1e5}",
                "[ 1,\t2.50 ]",
                "{\"d\":\"\\u00e4\\/\", \"d\":2}",
                "{\"ü\":\"€\"}"
            })
    void aPayloadIsWrittenByteForByte(String json) throws Exception {
        Object tree = Payload.tree(json.getBytes(StandardCharsets.UTF_8));

        assertThat(printed(Format.JSON, null, tree)).isEqualTo(json);
        assertThat(printed(Format.JSON, null, List.of(Map.of("x", java.util.Objects.requireNonNull(tree)))))
                .isEqualTo("[{\"x\":" + json + "}]");
        assertThat(printed(Format.RAW, null, tree)).isEqualTo(json);
    }

    @Test
    void theNumbersOfAPayloadKeepTheirDigitsByThemselves() throws Exception {
        Map<?, ?> tree = (Map<?, ?>) Payload.tree("{\"a\":1.0,\"b\":12345678901234567890,\"c\":1.50,\"d\":1e5,\"e\":-0}"
                .getBytes(StandardCharsets.UTF_8));

        assertThat(printed(
                        Format.JSON,
                        null,
                        List.copyOf(java.util.Objects.requireNonNull(tree).values())))
                .isEqualTo("[1.0,12345678901234567890,1.50,1E+5,0]");
    }

    @Test
    @Requirement({"C6", "D7"})
    void xmlIsWellFormedWhateverIsInIt() throws Exception {
        Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        tree.put("@version", "1<\"&");
        tree.put("title", "a < b & c > \"d\" ä €😀");
        tree.put("item", List.of(1, Map.of("@n", 2), "three"));
        tree.put("nothing", null);
        tree.put("flag", true);

        byte[] xml = Printer.print(new Body(Format.XML, null, null, "event"), tree, Printer.MOST_BYTES);

        Element root = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(xml))
                .getDocumentElement();
        assertThat(root.getTagName()).isEqualTo("event");
        assertThat(root.getAttribute("version")).isEqualTo("1<\"&");
        assertThat(root.getElementsByTagName("title").item(0).getTextContent()).isEqualTo("a < b & c > \"d\" ä €😀");
        assertThat(root.getElementsByTagName("item").getLength()).isEqualTo(3);
        assertThat(new String(xml, StandardCharsets.UTF_8))
                .startsWith("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<event version=")
                .contains("<item>1</item><item n=\"2\"/><item>three</item><nothing/><flag>true</flag></event>");
    }

    @Test
    void theOnlyMemberCanBeTheRootOfXml() throws Exception {
        assertThat(printed(Format.XML, null, Map.of("soap:Envelope", Map.of("@xmlns:soap", "urn:x", "#text", "in it"))))
                .endsWith("<soap:Envelope xmlns:soap=\"urn:x\">in it</soap:Envelope>");
    }

    @Test
    void whatXmlCannotHaveIsRefused() {
        assertThatThrownBy(() -> printed(Format.XML, "e", Map.of("a b", 1)))
                .isInstanceOf(ContentException.class)
                .hasMessage(
                        "the body cannot be written as xml: \"a b\" cannot be the name of an element or an attribute");
        assertThatThrownBy(() -> printed(Format.XML, "e", "\u0000")).hasMessageContaining("U+0000");
        assertThatThrownBy(() -> printed(Format.XML, "e", "\ud800")).hasMessageContaining("U+D800");
        assertThatThrownBy(() -> printed(Format.XML, null, Map.of("a", 1, "b", 2)))
                .hasMessageContaining("body.root");
        assertThatThrownBy(() -> printed(Format.XML, "e", nested(200))).hasMessageContaining("levels deep");
        assertThatThrownBy(() -> printed(Format.JSON, null, nested(200))).hasMessageContaining("levels deep");
    }

    @Test
    void aFormIsEncoded() throws Exception {
        Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        tree.put("a b", "c&d=ä+");
        tree.put("list", List.of(1, "two"));
        tree.put("left out", null);
        tree.put("payload", Payload.tree("{\"n\": 1.0}".getBytes(StandardCharsets.UTF_8)));

        assertThat(printed(Format.FORM, null, tree))
                .isEqualTo("a+b=c%26d%3D%C3%A4%2B&list=1&list=two&payload=%7B%22n%22%3A+1.0%7D");
        assertThatThrownBy(() -> printed(Format.FORM, null, List.of()))
                .hasMessage("the body cannot be written as form: it is no object");
    }

    @Test
    void rawIsATextOrThePayload() throws Exception {
        assertThat(printed(Format.RAW, null, "a;b\r\n1;ä")).isEqualTo("a;b\r\n1;ä");
        assertThat(printed(Format.RAW, null, new byte[] {'x'})).isEqualTo("x");
        assertThat(printed(Format.RAW, null, null)).isEmpty();
        assertThatThrownBy(() -> printed(Format.RAW, null, Map.of("a", 1)))
                .hasMessage("the body cannot be written as raw: it is an object, and raw is for a text");
    }

    @Test
    void aNumberOfVeryManyDigitsKeepsItsExponent() throws Exception {
        Object tree = Objects.requireNonNull(
                Payload.tree("{\"a\":1e999999999,\"b\":1e-999999999,\"c\":1.50e3,\"d\":1E+400,\"e\":-1.0E-3}"
                        .getBytes(StandardCharsets.UTF_8)));

        assertThat(printed(Format.FORM, null, tree))
                .isEqualTo("a=1E%2B999999999&b=1E-999999999&c=1500&d=1E%2B400&e=-0.0010");
        assertThat(printed(Format.XML, "r", Map.of("@a", new BigDecimal("1e999999999"))))
                .contains("<r a=\"1E+999999999\"/>");
        assertThat(printed(Format.RAW, null, new BigDecimal("1e-999999999"))).isEqualTo("1E-999999999");
    }

    @Test
    void itStopsWhereThereIsTooMuch() {
        String text = "ä&\"".repeat(100);
        for (Format format : Format.values()) {
            Object tree = format == Format.RAW ? text : Map.of("a", text);
            String root = format == Format.XML ? "r" : null;
            assertThatThrownBy(() -> printed(format, root, tree, 200))
                    .isInstanceOf(ContentException.class)
                    .hasMessage("the body has more than 200 bytes, the most that is allowed (limits.bodyBytes)");
        }
        assertThatThrownBy(() -> printed(Format.RAW, null, new byte[201], 200)).hasMessageContaining("more than 200");
        assertThatThrownBy(() -> printed(Format.FORM, null, Map.of("a", Map.of("b", text)), 200))
                .hasMessageContaining("more than 200");
        assertThatThrownBy(() -> printed(Format.XML, "r", Map.of("a", "ä".repeat(100)), 200))
                .hasMessageContaining("more than 200");
    }

    /** A list that holds another twice, and that a third twice: what is written is far larger than what is there. */
    @Test
    void itDoesNotWriteWhatItDoesNotSend() {
        Object tree = List.of("x".repeat(100));
        for (int i = 0; i < 60; i++) {
            tree = List.of(tree, tree);
        }
        Object doubled = tree;
        assertThatThrownBy(() -> printed(Format.JSON, null, doubled)).hasMessageContaining("more than 16777216 bytes");
        assertThatThrownBy(() -> printed(Format.XML, "r", Map.of("a", doubled)))
                .hasMessageContaining("more than 16777216 bytes");
        assertThatThrownBy(() -> printed(Format.FORM, null, Map.of("a", List.of(doubled))))
                .hasMessageContaining("more than 16777216 bytes");
        assertThatThrownBy(() -> Printer.json(doubled)).isInstanceOf(ContentException.class);
    }

    private static Object nested(int levels) {
        Object tree = "x";
        for (int i = 0; i < levels; i++) {
            tree = Map.of("a", tree);
        }
        return tree;
    }

    private static String printed(Format format, @Nullable String root, @Nullable Object tree) throws ContentException {
        return printed(format, root, tree, Printer.MOST_BYTES);
    }

    private static String printed(Format format, @Nullable String root, @Nullable Object tree, int most)
            throws ContentException {
        return new String(Printer.print(new Body(format, null, null, root), tree, most), StandardCharsets.UTF_8);
    }
}
