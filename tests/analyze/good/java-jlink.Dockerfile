FROM eclipse-temurin:21 AS jre-build
RUN $JAVA_HOME/bin/jlink --add-modules java.base,java.logging,java.net.http --strip-debug --no-man-pages --no-header-files --compress=2 --output /javaruntime

FROM debian:bookworm-slim
ENV JAVA_HOME=/opt/java/openjdk
ENV PATH="${JAVA_HOME}/bin:${PATH}"
COPY --from=jre-build /javaruntime $JAVA_HOME
WORKDIR /opt/app
COPY target/app.jar app.jar
USER 1000
CMD ["java", "-jar", "app.jar"]
