package io.posthorn.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** From the start of the process to the first message that it accepts, on a data folder that is initialised. */
final class StartTimes {
    private static final long GIVE_UP_SECONDS = 60;

    private final Lab lab;
    private final Report report;

    StartTimes(Lab lab, Report report) {
        this.lab = lab;
        this.report = report;
    }

    void run(int times) throws IOException, InterruptedException {
        ServerProcess server = lab.product("start");
        long first = server.start();
        Run run = lab.open(lab.install(server, Plan.HEALTHY));
        List<Double> seconds = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            server.stop();
            seconds.add(once(server, run));
        }
        server.stop();
        report.add(Figure.plain("start", "the very first start, to healthy", first / 1e3, "s"));
        report.add(Figure.plain(
                "start",
                "slowest of " + times,
                seconds.stream().mapToDouble(d -> d).max().orElse(0),
                "s"));
        report.add(Figure.atMost("start", "serve to the first 202, median of " + times, Turns.median(seconds), "s", 4));
    }

    private double once(ServerProcess server, Run run) throws IOException, InterruptedException {
        int seq = lab.net().ask(run.ledger::send);
        ByteBuf encoded =
                new Requests(run.installed, run.template).encode(UnpooledByteBufAllocator.DEFAULT, seq, Net.micros());
        String request = encoded.toString(StandardCharsets.ISO_8859_1);
        encoded.release();
        long began = System.nanoTime();
        server.start();
        while (server.ask(request) != 202) {
            if (System.nanoTime() - began > TimeUnit.SECONDS.toNanos(GIVE_UP_SECONDS)) {
                throw new IOException("no message was accepted within " + GIVE_UP_SECONDS + " s of the start");
            }
            Thread.sleep(2);
        }
        return (System.nanoTime() - began) / 1e9;
    }
}
